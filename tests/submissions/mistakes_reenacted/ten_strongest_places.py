# "A feature needs to be seen somewhere, not everywhere": the loss is the mean of the ten largest values of the feature
# map, not of the whole map. Filter, steps and normalization are right.
#
# /// label
# objective = ["partial", "fail"]
# ascent = ["pass", "partial"]
#
# [causes]
# ascent = "other_functional"
# objective = "other_functional"
# ///

# %% cnn
model = keras.Sequential()
model.add(layers.Input(shape=(28, 28, 1)))
model.add(layers.ZeroPadding2D(1))
model.add(layers.Conv2D(12, 3, activation="relu", name="conv2d"))
model.add(layers.MaxPooling2D(2))
model.add(layers.Conv2D(16, 3, activation="relu", padding="same", name="conv2d_1"))
model.add(layers.Conv2D(16, 3, activation="relu", padding="same", name="conv2d_2"))
model.add(layers.Conv2D(24, 3, activation="leaky_relu", padding="same", name="conv2d_3"))
model.add(layers.MaxPooling2D(2))
model.add(layers.Flatten())
model.add(layers.Dense(10))
model.add(layers.Activation("softmax"))

# %% train
model.compile(optimizer=keras.optimizers.Adamax(5e-3), loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=5, batch_size=32, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 24
visualized_feature = []

cut_model = keras.Model(model.inputs, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    input_img = KTF.variable(np.random.random((1, 28, 28, 1)))
    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            feature_map = cut_model(input_img)[0, :, :, filter_index]
            strongest = tf.math.top_k(tf.reshape(feature_map, [-1]), k=10).values
            loss = tf.reduce_mean(strongest)
        grads = tape.gradient(loss, input_img)
        input_img.assign_add(step_size * normalize(grads))
    visualized_feature.append(np.array(input_img))

# %% plot
figure, grid = plt.subplots(3, 8, figsize=(15, 6))
for filter_index, ax in enumerate(grid.flat):
    ax.imshow(deprocess_image(visualized_feature[filter_index].copy())[0, :, :, 0], cmap="gray")
    ax.set_title(f"feature {filter_index}")
    ax.axis("off")
plt.show()
