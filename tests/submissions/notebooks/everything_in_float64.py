# Was told that float32 is inaccurate, and computes everything in float64: data, network and images.
#
# /// label
# ///

# %% cnn
keras.config.set_floatx("float64")
x_train, x_test = x_train.astype("float64"), x_test.astype("float64")

model = keras.models.Sequential()
model.add(layers.Input((28, 28, 1)))
model.add(layers.Conv2D(8, (3, 3), padding="same", activation="relu", name="conv2d"))
model.add(layers.Conv2D(16, (3, 3), padding="same", activation="relu", name="conv2d_1"))
model.add(layers.MaxPooling2D((2, 2)))
model.add(layers.Conv2D(16, (3, 3), padding="same", activation="relu", name="conv2d_2"))
model.add(layers.Conv2D(20, (3, 3), padding="same", activation="relu", name="conv2d_3"))
model.add(layers.MaxPooling2D((2, 2)))
model.add(layers.Flatten())
model.add(layers.Dense(10, activation="softmax"))

# %% train
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=5, batch_size=50, verbose=2)

# %% ascent
layer_name = "conv2d_3"
features = keras.Model(model.inputs, model.get_layer(layer_name).output)
visualized_feature = []
for filter_index in range(20):
    input_img = tf.Variable(np.random.random((1, 28, 28, 1)))  # float64, as numpy makes it
    for i in range(gradient_updates):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(features(input_img)[..., filter_index])
        grads = normalize(tape.gradient(loss, input_img))
        input_img.assign_add(grads * step_size)
    visualized_feature.append(input_img.numpy())
print(visualized_feature[0].dtype)

# %% plot
plt.figure(figsize=(10, 8))
for filter_index in range(20):
    plt.subplot(4, 5, filter_index + 1)
    plt.imshow(deprocess_image(np.copy(visualized_feature[filter_index]))[0, ..., 0], cmap="gray")
    plt.title(f"feature {filter_index}")
    plt.axis("off")
plt.show()
