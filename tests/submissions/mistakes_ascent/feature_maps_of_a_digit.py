# Shows the feature maps of one training digit instead of images that excite the filters: there is no
# ascent at all. As the network keeps 28 x 28 positions up to the layer, the maps have the shape of an
# image.
#
# /// label
# images = ["pass", "partial", "fail"]
# ascent = ["fail", "partial"]
# objective = "fail"
# updates = "fail"
# ///

# %% cnn
model = keras.models.Sequential()
model.add(layers.Input(shape=(28, 28, 1)))
model.add(layers.Conv2D(8, (3, 3), padding="same", activation="relu", name="conv2d"))
model.add(layers.Conv2D(8, (3, 3), padding="same", activation="relu", name="conv2d_1"))
model.add(layers.Conv2D(8, (3, 3), padding="same", activation="relu", name="conv2d_2"))
model.add(layers.Conv2D(16, (3, 3), padding="same", activation="elu", name="conv2d_3"))
model.add(layers.MaxPooling2D((4, 4)))
model.add(layers.Flatten())
model.add(layers.Dense(10, activation="softmax"))
model.summary()

# %% train
model.compile(optimizer=keras.optimizers.Adam(0.002), loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=5, batch_size=64, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 16
visualized_feature = []

feature_map_model = keras.Model(model.inputs, model.get_layer(layer_name).output)

digit = x_train[7:8]
feature_maps = feature_map_model.predict(digit, verbose=0)
print(feature_maps.shape)

for filter_index in range(number_of_filters):
    feature_map = feature_maps[:, :, :, filter_index : filter_index + 1]
    print("activation of filter", filter_index, "is", feature_map.mean())
    visualized_feature.append(feature_map)

# %% plot
figure = plt.figure(figsize=(8, 8))

for i in range(number_of_filters):
    plt.subplot(4, 4, i + 1)
    plt.imshow(deprocess_image(visualized_feature[i].copy())[0, :, :, 0], cmap="gray")
    plt.title("feature " + str(i))
    plt.axis("off")

plt.show()
