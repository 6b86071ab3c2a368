# Computes the loss before the tape is opened. The tape has seen nothing, the gradient is None, and the
# cell stops with a TypeError in the first update; no images, an empty figure.
#
# /// label
# images = "fail"
# ascent = "fail"
# objective = "fail"
# updates = "fail"
# plot = "fail"
#
# [feedback_mentions]
# images = ["error"]
# ///

# %% cnn
a = layers.Input(shape=(28, 28, 1))
b = layers.Conv2D(16, 3, strides=2, activation="relu", padding="same", name="conv2d")(a)
b = layers.Conv2D(16, 3, activation="relu", padding="same", name="conv2d_1")(b)
b = layers.Conv2D(32, 3, activation="relu", padding="same", name="conv2d_2")(b)
b = layers.Conv2D(64, 3, activation="relu", padding="same", name="conv2d_3")(b)
b = layers.MaxPooling2D()(b)
b = layers.Flatten()(b)
b = layers.Dropout(0.2)(b)
c = layers.Dense(10, activation="softmax")(b)
model = keras.Model(inputs=a, outputs=c)
model.summary()

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=4, batch_size=32, verbose=2)
plt.plot(results.history["loss"])
plt.show()

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
visualized_feature = []

extract = keras.Model(a, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    input_img = tf.Variable(np.random.rand(1, 28, 28, 1), dtype="float32")
    for update in range(gradient_updates):
        loss = tf.reduce_mean(extract(input_img)[..., filter_index])
        with tf.GradientTape() as tape:
            tape.watch(input_img)
        grads = tape.gradient(loss, input_img)
        grads = grads / (tf.sqrt(tf.reduce_mean(grads**2)) + 1e-7)
        input_img.assign_add(step_size * grads)
    visualized_feature.append(input_img.numpy())

# %% plot
figure = plt.figure(figsize=(12, 12))

for i in range(len(visualized_feature)):
    figure.add_subplot(8, 8, i + 1)
    plt.imshow(deprocess_image(visualized_feature[i].copy())[0, :, :, 0], cmap="gray")
    plt.title("feature {}".format(i))

plt.show()
