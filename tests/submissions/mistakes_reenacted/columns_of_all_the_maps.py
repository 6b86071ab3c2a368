# Has the axes in a muddle: output[:, :, filter_index] is a column of all the feature maps, since the channels come
# last. The maps are as wide as the image, so that there is a column for each of the 20 indices.
#
# /// label
# objective = "fail"
#
# [feedback_mentions]
# objective = ["axis"]
#
# [causes]
# objective = "wrong_axis"
# ///

# %% cnn
model = keras.Sequential(
    layers=[
        layers.InputLayer(shape=(28, 28, 1)),
        layers.Conv2D(6, 3, activation="relu", padding="same", name="conv2d"),
        layers.Conv2D(8, 3, activation="relu", padding="same", name="conv2d_1"),
        layers.Conv2D(12, 3, activation="relu", padding="same", name="conv2d_2"),
        layers.Conv2D(20, 3, activation="relu", padding="same", name="conv2d_3"),
        layers.MaxPooling2D(pool_size=(4, 4)),
        layers.Flatten(),
        layers.Dense(10, activation="softmax"),
    ],
    name="no_pooling_before_the_end",
)

# %% train
model.compile(keras.optimizers.Adam(3e-3), "categorical_crossentropy", metrics=["accuracy", "mse"])
results = model.fit(x_train, y_train, 48, 6, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 20
visualized_feature = []

last_maps = model.get_layer(layer_name).output
f = keras.Model(model.inputs, last_maps)
print("shape of the output:", last_maps.shape)

for filter_index in range(number_of_filters):
    noise = np.random.default_rng(filter_index).random((1, 28, 28, 1), dtype=np.float32)
    input_img = tf.Variable(noise)

    for update in range(gradient_updates):
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(input_img)
            output = f(input_img)
            loss = tf.reduce_mean(output[:, :, filter_index])

        grads = tape.gradient(loss, input_img)
        grads = normalize(grads)
        input_img.assign_add(tf.multiply(grads, step_size))

    visualized_feature.append(np.array(input_img))

# %% plot
figure, axes = plt.subplots(4, 5, figsize=(8, 7))
panels = iter(axes.flat)
for filter_index, image in enumerate(visualized_feature):
    panel = next(panels)
    panel.matshow(deprocess_image(image.copy())[0, :, :, 0], cmap="gray")
    panel.set_title(f"feature {filter_index}", pad=3)
    panel.axis("off")
plt.show()
