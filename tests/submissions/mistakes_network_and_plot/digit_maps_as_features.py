# Misunderstood "visualize the features": the list holds the feature maps of a test digit, enlarged from 14
# x 14 to 28 x 28. There is no ascent at all, and these are not images that the filters respond to. They are
# 64 different images of the right size, though, and the plot shows them well.
#
# /// label
# images = ["pass", "partial"]
# ascent = "fail"
# objective = "fail"
# updates = "fail"
# ///

# %% cnn
model = keras.Sequential()
model.add(layers.Input(shape=(28, 28, 1)))
model.add(layers.Conv2D(16, 3, activation="elu", padding="same", name="conv2d"))
model.add(layers.MaxPooling2D())
model.add(layers.Conv2D(16, 3, activation="elu", padding="same", name="conv2d_1"))
model.add(layers.Conv2D(32, 3, activation="elu", padding="same", name="conv2d_2"))
model.add(layers.Conv2D(64, 3, activation="elu", padding="same", name="conv2d_3"))
model.add(layers.MaxPooling2D())
model.add(layers.Flatten())
model.add(layers.Dropout(0.5))
model.add(layers.Dense(10, activation="softmax"))
model.summary()

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=4, verbose=2)
print("test:", model.evaluate(x_test, y_test, verbose=0))

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64  # as many as the layer has
visualized_feature = []

# the part of the network from the input to the feature maps of this layer
submodel = keras.Model(model.inputs, model.get_layer(layer_name).output)

# send one digit through it
digit = x_test[3:4]
feature_maps = submodel.predict(digit, verbose=0)
print(feature_maps.shape)

for filter_index in range(number_of_filters):
    feature_map = feature_maps[0, :, :, filter_index]
    # 14 x 14 -> 28 x 28
    feature_map = np.kron(feature_map, np.ones((2, 2), dtype="float32"))
    visualized_feature.append(feature_map.reshape(1, 28, 28, 1))

# %% plot
figure = plt.figure(figsize=(12, 12))

for i in range(number_of_filters):
    ax = plt.subplot(8, 8, i + 1)
    ax.imshow(deprocess_image(visualized_feature[i].copy())[0, :, :, 0], cmap="gray")
    ax.set_title("feature {}".format(i))
    ax.axis("off")

plt.tight_layout()
plt.show()
