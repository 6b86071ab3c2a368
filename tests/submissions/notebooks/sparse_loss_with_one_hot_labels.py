# Takes the sparse loss with one-hot labels, at which today's Keras stops: the network is untrained. The
# ascent is right.
#
# /// label
# training = "fail"
#
# [feedback_mentions]
# training = ["one-hot"]
# ///

# %% cnn
x = inputs = keras.layers.Input(shape=(28, 28, 1))
x = keras.layers.Conv2D(8, 3, activation="elu", padding="same", name="conv2d")(x)
x = keras.layers.Conv2D(8, 3, activation="elu", padding="same", name="conv2d_1")(x)
x = keras.layers.AvgPool2D(2)(x)
x = keras.layers.Conv2D(12, 3, activation="elu", padding="same", name="conv2d_2")(x)
x = keras.layers.Conv2D(12, 3, activation="elu", padding="same", name="conv2d_3")(x)
x = keras.layers.AvgPool2D(2)(x)
x = keras.layers.Dense(10, activation="softmax")(keras.layers.Flatten()(x))
model = keras.Model(inputs, x)

# %% train
# "sparse" should save memory
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=5, batch_size=100, verbose=2)
plt.plot(results.history["loss"])
plt.show()

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 12
visualized_feature = []
activation_model = keras.Model(inputs, model.get_layer(layer_name).output)

for i in range(0, number_of_filters):
    img = tf.Variable(np.random.uniform(0, 1, (1, 28, 28, 1)), dtype=tf.float32)
    losses = []
    for j in range(0, gradient_updates):
        with tf.GradientTape() as t:
            l = tf.reduce_mean(activation_model(img)[:, :, :, i])
        d = t.gradient(l, img)
        img.assign_add(step_size * normalize(d))
        losses.append(l.numpy())
    print(i, "min", min(losses), "max", max(losses))
    visualized_feature.append(img.numpy().reshape(28, 28))

# %% plot
figure = plt.figure(figsize=(8, 7))
for i in range(0, number_of_filters):
    plt.subplot(3, 4, i + 1)
    img = np.array(visualized_feature[i])
    plt.imshow(deprocess_image(img), cmap=plt.cm.gray)
    plt.title("feature " + str(i))
    plt.axis("off")
plt.show()
