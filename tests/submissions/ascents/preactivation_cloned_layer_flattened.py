# A twin of conv2d_3 with the same weights but a linear activation stands in for it, so that no filter is
# dead while climbing. All filters at once. The images are kept as one table, a row of 784 pixels for each
# filter.
#
# /// label
# ///

# %% cnn
inp = layers.Input(shape=(28, 28, 1))
h = layers.Conv2D(16, 5, padding="same", activation="relu", strides=2, name="conv2d")(inp)
h = layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_1")(h)
h = layers.Conv2D(32, 3, padding="same", activation="relu", name="conv2d_2")(h)
h = layers.Conv2D(64, 3, padding="same", activation="relu", name="conv2d_3")(h)
h = layers.MaxPooling2D()(h)
h = layers.Flatten()(h)
h = layers.Dropout(0.2)(h)
out = layers.Dense(10, activation="softmax")(h)
model = keras.Model(inp, out)

# %% train
model.compile(optimizer=keras.optimizers.Adam(1e-3), loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=4, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64

original = model.get_layer(layer_name)
config = original.get_config()
config["name"] = layer_name + "_linear"
config["activation"] = "linear"
twin = layers.Conv2D.from_config(config)
linear_maps = keras.Model(inp, twin(model.get_layer("conv2d_2").output))
twin.set_weights(original.get_weights())  # only now, as the twin has no weights before it is called

images = tf.Variable(tf.random.uniform((number_of_filters, 28, 28, 1)))
for update in range(gradient_updates):
    with tf.GradientTape() as tape:
        mean_maps = tf.reduce_mean(linear_maps(images), axis=[1, 2])
        loss = tf.linalg.trace(mean_maps)
    grads = tape.gradient(loss, images)
    scale = tf.math.sqrt(tf.reduce_mean(grads**2, axis=[1, 2, 3], keepdims=True)) + KTF.epsilon()
    images.assign_add(step_size * grads / scale)
    if update % 10 == 9:
        print(update + 1, float(loss) / number_of_filters)

visualized_feature = images.numpy().reshape(number_of_filters, 28 * 28)

# %% plot
figure = plt.figure(figsize=(12, 12))

for i, row in enumerate(visualized_feature):
    picture = deprocess_image(row.reshape(28, 28).copy())
    plt.subplot(8, 8, i + 1)
    plt.imshow(picture, cmap="gray")
    plt.title(f"feature {i}", fontsize=9)
    plt.axis("off")

plt.show()
